// Which dataset of an HDF5 file holds the frames.
#pragma once
#include <string>
#include <vector>

#include "hdf5_frames.hpp"

namespace vitrum::io::h5 {

struct Part {
  std::string file;    // the file itself or a data file that it links to
  std::string dataset; // in that file
  Index first = 0;     // of the frames of this dataset that belong to the series
  Index count = -1;    // −1: all
};

struct Choice {
  std::string name; // what the series is called: "/entry/data/data"
  std::vector<Part> parts;
  FrameAxes axes;
  bool axes_known = false;              // else they follow from the dimensions
  std::vector<std::string> passed_over; // other datasets that could have been meant
  std::vector<std::string> problems;    // what of the series is missing, in words
};

/// `wanted` is a dataset, or a group whose default plot or data_000001 … are meant, or empty.
/// `allow_missing`: data files that the end of the series lacks become a problem, not an error.
/// Throws FormatError; when several datasets are as good, it lists them.
[[nodiscard]] Choice choose_frames(hid_t file,
                                   const std::string& path,
                                   const std::string& wanted,
                                   bool allow_missing = false);

} // namespace vitrum::io::h5
