// Where tests find data: the folder of measured data, which may be absent, and the module's own
// test/data.
#pragma once

#include <string>

namespace vitrum {

const std::string& shared_data();
const std::string& test_data();

} // namespace vitrum
