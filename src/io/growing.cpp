#include "hdf5_handle.hpp"
#include "vitrum/io/open_series.hpp"

namespace vitrum::io {

WhileItGrows::WhileItGrows() : before_(h5::set_growing(true)) {}

WhileItGrows::~WhileItGrows() {
  (void)h5::set_growing(before_);
}

} // namespace vitrum::io
