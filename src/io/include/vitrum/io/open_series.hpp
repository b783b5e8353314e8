// Opening a series of frames, whatever its format: one call, and the list of formats behind it.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/frames/frame_source.hpp"

namespace vitrum::io {

/// What the file itself does not say. Values given here win over those of the file.
struct OpenOptions {
  std::string dataset; // HDF5: path of the frames; npz: name of the array; also "file.h5::/path"
  std::string format;  // name of a reader, to pass over recognition; "" = by content
  // raw files (no header) need height, width and type; with the name of an event format, height and
  // width replace those of the detector, and frames brings back empty ones at the end
  Index raw_height = 0, raw_width = 0;
  Index raw_frames = 0; // 0: as many as the file holds
  std::optional<frames::PixelType> raw_type;
  Index raw_offset = 0;        // bytes before the first frame
  Index raw_gap = 0;           // bytes between frames
  bool raw_big_endian = false; // else little-endian
  // Rigaku: the pixel number is x · height + y (older files) instead of y · width + x
  bool rigaku_column_major = false;
  Index rigaku_first_frame = 0; // number that the file gives to its first frame, 0 or 1
  // TIFF: unsigned 16-bit values hold signed ones plus 32768
  bool tiff_signed_offset = false;
  // HDF5: a series over several files of which the last do not exist (stopped early, not yet
  // copied) is read as far as it goes; a file that is missing in between stays an error
  bool missing_data_files = false;
  // HDF5: false reads all chunks with the HDF5 library, to compare
  bool decode_chunks = true;
};

/// Throws OptionError that names the field.
void validate(const OpenOptions& options);

/// The series at `path` ("scan.h5", "scan.h5::/entry/data/data", a folder of TIFF files). The
/// reader is chosen by the content of the file. Throws FileError, FormatError ("path:place: found,
/// expected"), OptionError.
[[nodiscard]] std::unique_ptr<frames::FrameSource> open_series(const std::string& path,
                                                               const OpenOptions& options = {});

/// While it lives, HDF5 files that this thread opens and reads are taken for ones that grow. They
/// are not locked and may be open for writing (SWMR), so what their program has not finished may be
/// read half done; a chunk that was never written is refused instead of read as zeros.
class WhileItGrows {
public:
  WhileItGrows();
  ~WhileItGrows();
  WhileItGrows(const WhileItGrows&) = delete;
  WhileItGrows& operator=(const WhileItGrows&) = delete;

private:
  bool before_;
};

/// One format as the table of formats shows it.
struct FormatDescription {
  std::string name;                    // "hdf5"
  std::string description;             // one line
  std::vector<std::string> extensions; // usual ones, without the dot; recognition goes by content
  std::string recognised_by;           // "first bytes 89 48 44 46 …"
  bool reads_frames = false, writes_frames = false;
  bool reads_maps = false, writes_maps = false;                 // masks, label maps, matrices
  bool reads_results = false, writes_results = false;           // trees, tables
  bool reads_trajectories = false, writes_trajectories = false; // of atoms
};

/// All formats in alphabetical order of their names.
[[nodiscard]] std::vector<FormatDescription> formats();

} // namespace vitrum::io
