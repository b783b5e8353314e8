#include "hdf5_handle.hpp"
#include "vitrum/io/open_series.hpp"

namespace vitrum::io {

WithoutFileLocks::WithoutFileLocks() : before_(h5::set_locking(false)) {}

WithoutFileLocks::~WithoutFileLocks() {
  (void)h5::set_locking(before_);
}

} // namespace vitrum::io
