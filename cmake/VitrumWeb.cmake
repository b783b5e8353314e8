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

set(web_required OFF)
if(VITRUM_WEB STREQUAL "ON")
  set(web_required ON)
endif()
add_custom_command(
  OUTPUT ${web_output}/index.html
  COMMAND ${CMAKE_COMMAND} -DNPM=${NPM} -DSOURCE=${web_source} -DBUILD=${web_build} -DOUTPUT=${web_output}
          -DREQUIRED=${web_required} -P ${PROJECT_SOURCE_DIR}/cmake/BuildWeb.cmake
  DEPENDS ${web_packages} ${web_files} ${PROJECT_SOURCE_DIR}/cmake/BuildWeb.cmake
  WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
  COMMENT "Building the page" VERBATIM)
add_custom_target(web ALL DEPENDS ${web_output}/index.html)
install(DIRECTORY ${web_output} DESTINATION share/vitrum COMPONENT program OPTIONAL)
