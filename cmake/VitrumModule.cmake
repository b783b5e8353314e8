# vitrum_module(name DEPENDS core frames ... [LIBS fmt::fmt ...])
#
# One static library per module, made of the .cpp files beside its CMakeLists.txt. Headers of a module
# are visible only to modules that name it in DEPENDS, so an upward include does not compile.
# LIBS are third-party targets; they stay private to the module.
# test/*_test.cpp become one test binary, bench/*_bench.cpp one benchmark binary.
function(vitrum_module name)
  cmake_parse_arguments(PARSE_ARGV 1 M "" "" "DEPENDS;LIBS;TEST_LIBS")
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  if(NOT sources)
    list(TRANSFORM M_DEPENDS PREPEND vitrum::)
    add_library(vitrum_${name} INTERFACE)
    add_library(vitrum::${name} ALIAS vitrum_${name})
    target_include_directories(vitrum_${name} INTERFACE ${CMAKE_CURRENT_SOURCE_DIR}/include)
    target_link_libraries(vitrum_${name} INTERFACE ${M_DEPENDS})
    return()
  endif()
  list(TRANSFORM M_DEPENDS PREPEND vitrum::)
  add_library(vitrum_${name} STATIC ${sources})
  add_library(vitrum::${name} ALIAS vitrum_${name})
  target_include_directories(vitrum_${name} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/include)
  target_link_libraries(vitrum_${name} PUBLIC ${M_DEPENDS} PRIVATE vitrum_warnings ${M_LIBS})
  set_property(GLOBAL APPEND PROPERTY VITRUM_MODULES ${name})

  file(GLOB tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/test/*_test.cpp)
  if(tests AND VITRUM_TESTS)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE vitrum::${name} vitrum_warnings GTest::gtest_main
                                               GTest::gmock ${M_LIBS} ${M_TEST_LIBS})
    target_include_directories(${name}_test PRIVATE ${PROJECT_SOURCE_DIR}/test/support)
    target_compile_definitions(${name}_test PRIVATE
      VITRUM_SHARED_DATA="${VITRUM_SHARED_DATA}"
      VITRUM_TEST_DATA="${CMAKE_CURRENT_SOURCE_DIR}/test/data")
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
