# vitrum_module(name [KERNELS] DEPENDS core frames ... [LIBS fmt::fmt ...])
#
# One static library per module, made of the .cpp files beside its CMakeLists.txt. Headers of a module
# are visible only to modules that name it in DEPENDS, so an upward include does not compile.
# LIBS are third-party targets; they stay private to the module.
# test/*_test.cpp become one test binary, bench/*_bench.cpp one benchmark binary.
# KERNELS marks a module whose loops are worth -O2 where the rest of a build is made for speed of compiling (preset dev).

# Headers that most files include, compiled once for each kind of target.
set(common_headers <algorithm> <array> <cmath> <cstdint> <cstring> <filesystem> <fstream> <functional> <limits> <map> <memory>
                   <mutex> <numbers> <numeric> <optional> <set> <span> <sstream> <string> <string_view> <utility> <variant> <vector>
                   <fmt/format.h> <fmt/ranges.h>)
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/precompiled/library.cpp CONTENT "")
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/precompiled/program.cpp CONTENT "int main() {}\n")
foreach(kind library kernel)
  add_library(vitrum_${kind}_headers STATIC ${CMAKE_BINARY_DIR}/precompiled/library.cpp)
  target_link_libraries(vitrum_${kind}_headers PRIVATE vitrum_warnings fmt::fmt Threads::Threads)
  target_precompile_headers(vitrum_${kind}_headers PRIVATE ${common_headers})
endforeach()
target_compile_options(vitrum_kernel_headers PRIVATE $<$<CONFIG:Release>:-O2>)
if(VITRUM_TESTS)
  add_executable(vitrum_test_headers ${CMAKE_BINARY_DIR}/precompiled/program.cpp)
  target_link_libraries(vitrum_test_headers PRIVATE vitrum_warnings fmt::fmt Threads::Threads GTest::gtest GTest::gmock)
  target_precompile_headers(vitrum_test_headers PRIVATE ${common_headers} <gtest/gtest.h> <gmock/gmock.h>)
endif()

# Library and headers, for find_package(vitrum): vitrum::name there as here.
function(vitrum_install name)
  set_target_properties(vitrum_${name} PROPERTIES EXPORT_NAME ${name})
  install(TARGETS vitrum_${name} EXPORT vitrum ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT dev)
  install(DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/include/vitrum DESTINATION include COMPONENT dev)
endfunction()

function(vitrum_module name)
  cmake_parse_arguments(PARSE_ARGV 1 M "KERNELS" "" "DEPENDS;LIBS;TEST_LIBS")
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  if(NOT sources)
    list(TRANSFORM M_DEPENDS PREPEND vitrum::)
    add_library(vitrum_${name} INTERFACE)
    add_library(vitrum::${name} ALIAS vitrum_${name})
    target_include_directories(vitrum_${name} INTERFACE $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>)
    target_link_libraries(vitrum_${name} INTERFACE ${M_DEPENDS})
    vitrum_install(${name})
    return()
  endif()
  list(TRANSFORM M_DEPENDS PREPEND vitrum::)
  add_library(vitrum_${name} STATIC ${sources})
  add_library(vitrum::${name} ALIAS vitrum_${name})
  target_include_directories(vitrum_${name} PUBLIC $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>)
  target_link_libraries(vitrum_${name} PUBLIC ${M_DEPENDS} PRIVATE $<BUILD_INTERFACE:vitrum_warnings> ${M_LIBS})
  vitrum_install(${name})
  if(M_KERNELS)
    target_compile_options(vitrum_${name} PRIVATE $<$<CONFIG:Release>:-O2>)
    target_precompile_headers(vitrum_${name} REUSE_FROM vitrum_kernel_headers)
  else()
    target_precompile_headers(vitrum_${name} REUSE_FROM vitrum_library_headers)
  endif()
  set_property(GLOBAL APPEND PROPERTY VITRUM_MODULES ${name})

  file(GLOB tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/test/*_test.cpp)
  if(tests AND VITRUM_TESTS)
    # Paths that differ between checkouts stand in one small file, not on every command line.
    set(test_data ${CMAKE_CURRENT_SOURCE_DIR}/test/data)
    configure_file(${PROJECT_SOURCE_DIR}/test/support/data_paths.cpp.in ${CMAKE_CURRENT_BINARY_DIR}/data_paths.cpp @ONLY)
    add_executable(${name}_test ${tests} ${CMAKE_CURRENT_BINARY_DIR}/data_paths.cpp)
    target_precompile_headers(${name}_test REUSE_FROM vitrum_test_headers)
    target_link_libraries(${name}_test PRIVATE vitrum::${name} vitrum_warnings GTest::gtest_main
                                               GTest::gmock ${M_LIBS} ${M_TEST_LIBS})
    target_include_directories(${name}_test PRIVATE ${PROJECT_SOURCE_DIR}/test/support)
    add_test(NAME ${name} COMMAND ${name}_test --gtest_brief=1 --gtest_filter=-*Calibration*)
    set_tests_properties(${name} PROPERTIES LABELS unit ENVIRONMENT "LSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tools/leaks.txt")
    file(STRINGS ${CMAKE_CURRENT_SOURCE_DIR}/CMakeLists.txt calibrated REGEX "^# calibrated")
    if(calibrated)
      add_test(NAME ${name}.calibration
               COMMAND ${name}_test --gtest_filter=*Calibration*)
      set_tests_properties(${name}.calibration PROPERTIES LABELS calibration TIMEOUT 3600)
    endif()
  endif()

  file(GLOB benches CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/bench/*_bench.cpp)
  if(benches AND VITRUM_BENCHMARKS)
    add_executable(${name}_bench ${benches})
    target_link_libraries(${name}_bench PRIVATE vitrum::${name} vitrum_warnings
                                                benchmark::benchmark_main benchmark::benchmark ${M_LIBS} ${M_TEST_LIBS})
    target_compile_definitions(${name}_bench PRIVATE VITRUM_SHARED_DATA="${VITRUM_SHARED_DATA}")
    set_property(GLOBAL APPEND PROPERTY VITRUM_BENCHES ${name}_bench)
  endif()
endfunction()
