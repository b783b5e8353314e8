// The pages of one TIFF file as frames of one shape and type.
#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "file_bytes.hpp"
#include "vitrum/frames/frame_source.hpp"
#include "vitrum/frames/pixel_type.hpp"

namespace vitrum::io {

/// Keeps libtiff from printing: its complaints go into the errors that are thrown.
void quiet_tiff();

struct TiffDescription { // of ImageJ
  Index images = 0;      // 0: not an ImageJ stack
  double frame_time_s = frames::unknown;
  std::vector<std::pair<std::string, std::string>> facts;
};
[[nodiscard]] TiffDescription parse_imagej(const std::string& description);

class TiffPages {
public:
  /// Throws FormatError for files that are no TIFF or hold no grey images of one shape.
  explicit TiffPages(const std::string& path);
  ~TiffPages();
  TiffPages(TiffPages&&) noexcept;
  TiffPages& operator=(TiffPages&&) noexcept;

  [[nodiscard]] Index frames() const;
  [[nodiscard]] Index height() const;
  [[nodiscard]] Index width() const;
  [[nodiscard]] frames::PixelType type() const;
  [[nodiscard]] const TiffDescription& description() const;
  [[nodiscard]] const std::string& compression() const;

  void read(Index frame, std::byte* out);

private:
  struct State;
  std::unique_ptr<State> state_;
};

} // namespace vitrum::io
