# The page of `vitrum view`, made by npm and vite into <build>/share/vitrum/web, where the program
# looks for it. Packages are fetched once per build tree and lock file; a page is made anew only when
# its sources change.
set(VITRUM_WEB "AUTO" CACHE STRING "build the page of vitrum view: ON, OFF, or AUTO where npm is there")
if(VITRUM_WEB STREQUAL "OFF")
  add_custom_target(web)
  return()
endif()
find_program(NPM npm)
if(NOT NPM)
  if(VITRUM_WEB STREQUAL "ON")
    message(FATAL_ERROR "VITRUM_WEB=ON needs npm (apt-get install nodejs npm)")
  endif()
  message(STATUS "no npm: vitrum view will have no page")
  add_custom_target(web)
  return()
endif()

set(web_source ${PROJECT_SOURCE_DIR}/web)
set(web_build ${CMAKE_BINARY_DIR}/web)
set(web_output ${CMAKE_BINARY_DIR}/share/vitrum/web)
file(GLOB_RECURSE web_files CONFIGURE_DEPENDS ${web_source}/src/*)
list(APPEND web_files ${web_source}/index.html ${web_source}/vite.config.ts ${web_source}/tsconfig.json)
set(web_packages ${web_source}/package.json ${web_source}/package-lock.json ${web_source}/.npmrc)

# no scripts of packages are run: none of them needs one
add_custom_command(
  OUTPUT ${web_build}/packages.stamp
  COMMAND ${CMAKE_COMMAND} -E make_directory ${web_build}
  COMMAND ${CMAKE_COMMAND} -E copy ${web_packages} ${web_build}
  COMMAND ${NPM} --prefix ${web_build} ci --ignore-scripts --no-audit --no-fund --loglevel=error
  COMMAND ${CMAKE_COMMAND} -E touch ${web_build}/packages.stamp
  DEPENDS ${web_packages}
  WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
  COMMENT "Fetching the packages of the page" VERBATIM)
add_custom_command(
  OUTPUT ${web_output}/index.html
  COMMAND ${CMAKE_COMMAND} -E rm -rf ${web_build}/src
  COMMAND ${CMAKE_COMMAND} -E copy_directory ${web_source}/src ${web_build}/src
  COMMAND ${CMAKE_COMMAND} -E copy ${web_source}/index.html ${web_source}/vite.config.ts ${web_source}/tsconfig.json ${web_build}
  COMMAND ${NPM} --prefix ${web_build} run --silent check
  COMMAND ${NPM} --prefix ${web_build} run --silent build -- --outDir ${web_output} --emptyOutDir --logLevel warn
  COMMAND ${CMAKE_COMMAND} -E touch ${web_output}/index.html
  DEPENDS ${web_build}/packages.stamp ${web_files}
  COMMENT "Building the page" VERBATIM)
add_custom_target(web ALL DEPENDS ${web_output}/index.html)
install(DIRECTORY ${web_output} DESTINATION share/vitrum)
