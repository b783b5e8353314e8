# Every third-party library, found once. Modules name these targets in LIBS.
include(VitrumLibraries)
find_package(Ceres REQUIRED)
find_package(CLI11 REQUIRED)
find_package(spdlog REQUIRED)
# The BLAS of this name and no other: the interface libblas may point at an unoptimised one.
find_path(OPENBLAS_INCLUDE cblas.h PATH_SUFFIXES openblas-pthread REQUIRED)
find_library(OPENBLAS_LIBRARY openblas PATH_SUFFIXES openblas-pthread REQUIRED)
add_library(vitrum_openblas INTERFACE)
target_include_directories(vitrum_openblas SYSTEM INTERFACE ${OPENBLAS_INCLUDE})
target_link_libraries(vitrum_openblas INTERFACE ${OPENBLAS_LIBRARY})

if(VITRUM_TESTS)
  find_package(GTest REQUIRED)
  find_library(RAPIDCHECK_LIBRARY rapidcheck REQUIRED)
  add_library(vitrum_rapidcheck INTERFACE)
  target_link_libraries(vitrum_rapidcheck INTERFACE ${RAPIDCHECK_LIBRARY})
endif()
if(VITRUM_BENCHMARKS)
  find_package(benchmark REQUIRED)
endif()

add_library(vitrum_warnings INTERFACE)
target_compile_options(vitrum_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
                       -Wno-sign-conversion $<$<BOOL:${VITRUM_WERROR}>:-Werror>)
if(CMAKE_CXX_COMPILER_ID MATCHES Clang) # what GCC's attributes of single kernels say
  add_compile_options(-ffp-contract=off -Wno-unknown-attributes)
endif()
if(VITRUM_SANITIZE)
  add_compile_options(-fsanitize=${VITRUM_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${VITRUM_SANITIZE})
endif()
