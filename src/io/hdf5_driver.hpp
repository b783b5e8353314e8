// A file driver for HDF5 that keeps write errors to itself. The library cannot close a file whose
// metadata it fails to write, and then crashes when the program ends; this driver tells it that all
// is well and remembers the reason for the caller, who throws the file away.
#pragma once
#include <vector>

#include <hdf5.h>

namespace vitrum::io::h5 {

/// Lets files made with `access` use the driver. `error` receives the errno of the first failed
/// write; it must outlive the file.
void use_patient_driver(hid_t access, int* error);

/// The same, but arrays get their place in the file and are not written: `places` receives where
/// each of them would have begun, in the order of the writes. It must outlive the file.
void use_planning_driver(hid_t access, int* error, std::vector<haddr_t>* places);

} // namespace vitrum::io::h5
