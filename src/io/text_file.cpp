#include "vitrum/io/text_file.hpp"

#include "output_file.hpp"

namespace vitrum::io {

void write_bytes(const std::string& path, std::string_view bytes, bool overwrite) {
  OutputFile file(path, overwrite);
  file.write(bytes);
  file.commit();
}

} // namespace vitrum::io
