// From flags to what an analysis works on: the series with its gaps, its mask, its statistics, its
// partition.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "vitrum/app/options.hpp"
#include "vitrum/core/monitor.hpp"
#include "vitrum/frames/corrections.hpp"
#include "vitrum/frames/finders.hpp"
#include "vitrum/frames/frame_source.hpp"
#include "vitrum/frames/geometry.hpp"
#include "vitrum/frames/marks.hpp"
#include "vitrum/frames/mask.hpp"
#include "vitrum/frames/packed_cache.hpp"
#include "vitrum/frames/partition.hpp"
#include "vitrum/frames/series_statistics.hpp"

namespace vitrum::app {

/// The files that a command reads, without those that were not named.
[[nodiscard]] std::vector<std::string> all_inputs(std::vector<std::string> inputs,
                                                  const std::vector<std::string>& masks,
                                                  const std::vector<std::string>& others = {});

/// Other files that hold the frames of a series, where its file links to them.
[[nodiscard]] std::vector<std::string> data_files_of(const std::string& path,
                                                     const InputFlags& flags);

struct Series {
  std::unique_ptr<frames::FrameSource> source; // the selected frames
  frames::PackedCache* kept = nullptr;         // the source, if it keeps what it decoded
  std::vector<std::uint8_t> bad;               // [frame] 1 = gap
  Range range;                                 // of the file
  Index file_frames = 0;
  double first_frame = 0;         // of the file, counted in steps of the selection
  std::vector<std::string> notes; // corrections: what was left out and why
  std::vector<std::string> warnings;

  [[nodiscard]] const frames::SeriesInfo& info() const { return source->info(); }
  [[nodiscard]] Index gap_count() const;
  [[nodiscard]] std::vector<Index> bad_list() const;
};

/// Opens the input, restricts it to --frames and marks --bad-frames.
[[nodiscard]] Series open_input(const std::string& path, const InputFlags& flags);

/// [frame of the series]: 1 for those that a list of indices and ranges of the file names. Errors
/// name the flag.
[[nodiscard]] std::vector<std::uint8_t>
listed_frames(const Series& series, const std::string& flag, const std::vector<std::string>& list);

/// From now on the needed pixels of frames that were read are kept, packed, so that each frame is
/// decoded once; of as many as fit. In frames that come from memory all others are zero.
void keep_frames(Series& series, std::vector<std::uint8_t> needed, Index budget_bytes);

/// Forgets the frames that were kept when a pixel of a bin is not among those that were needed.
void forget_unless_whole(Series& series,
                         const frames::Partition& partition,
                         const std::vector<std::uint8_t>& needed);

/// The frame time: the flag, the file, or OptionError that says what to give.
[[nodiscard]] double frame_time_of(const Series& series, const InputFlags& flags);

/// Pixels that the detector itself marks as good, and that are in every mask file.
[[nodiscard]] frames::Mask start_mask(Series& series, const std::vector<std::string>& mask_files);

/// One pass over the series; pixels in use that hold no valid value in some good frame leave the
/// mask, with a note. With `find_bad_frames`, frames of odd intensity become gaps and a second pass
/// is made.
[[nodiscard]] frames::SeriesStatistics
measure(Series& series, frames::Mask& mask, bool find_bad_frames, const Monitor& monitor);

/// "65535, the largest value of their type," or "-1 or -2".
[[nodiscard]] std::string text_of(const frames::Marks& marks);

/// Warns when pixels of the partition hold the same data twice.
void check_duplicates(Series& series,
                      const frames::SeriesStatistics& statistics,
                      const frames::Partition& partition);

/// Throws DataError when a bin with counts holds the same picture in every frame, or the same value
/// in all of its pixels: there is nothing to correlate, and no error could be given.
void require_speckle(const Series& series,
                     const frames::SeriesStatistics& statistics,
                     const frames::Partition& partition);

/// What is wrong with a bin in which nothing fluctuates.
[[nodiscard]] std::string still_text(const std::string& path, Index bin, Index frames);
[[nodiscard]] std::string flat_text(const std::string& path, Index bin, Index pixels);

/// q and φ of each pixel, from flags over file; nothing when neither says enough.
[[nodiscard]] std::optional<frames::QMap>
make_map(const Series& series, const GeometryFlags& flags, std::string& q_unit);
[[nodiscard]] frames::Geometry merged_geometry(const Series& series, const GeometryFlags& flags);

/// The partition of the flags: a file, rings, or the whole frame as one bin; hot and dead pixels
/// found and taken out when asked.
[[nodiscard]] frames::Partition make_bins(Series& series,
                                          frames::Mask& mask,
                                          const frames::SeriesStatistics& statistics,
                                          const PartitionFlags& flags,
                                          const GeometryFlags& geometry,
                                          std::optional<frames::QMap>& map);

/// The pixels that these bins can have, decided before frames are read: none is in a bin later that
/// is not among them. Throws for flags that make no sense.
[[nodiscard]] std::vector<std::uint8_t> pixels_of_bins(const Series& series,
                                                       const frames::Mask& mask,
                                                       const PartitionFlags& flags,
                                                       const GeometryFlags& geometry);

/// Takes the pixels of the named kinds out of the mask and notes how many.
void exclude_found(
    Series& series, frames::Mask& mask, const frames::FoundPixels& found, bool hot, bool dead);

/// An image file of the shape of a frame, as floats.
[[nodiscard]] std::vector<float>
read_image(const std::string& path, const frames::SeriesInfo& info, const std::string& what);

} // namespace vitrum::app
