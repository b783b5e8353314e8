# Run by the target `web`: npm and vite make the page in BUILD and put it into OUTPUT. Where the page is
# not insisted on (REQUIRED), a registry that cannot be reached leaves out the page, not the program.
function(give_up step what)
  if(REQUIRED)
    message(FATAL_ERROR "${step} failed:\n${what}")
  endif()
  message(WARNING "vitrum view will have no page, its tests are skipped: ${step} failed:\n${what}\n"
                  "Tried again with the next build; cmake -DVITRUM_WEB=OFF leaves it out, ON insists on it.")
endfunction()

set(packages ${SOURCE}/package.json ${SOURCE}/package-lock.json ${SOURCE}/.npmrc)
set(stamp ${BUILD}/packages.stamp)
file(SHA256 ${SOURCE}/package-lock.json lock)
set(fetched "")
if(EXISTS ${stamp})
  file(READ ${stamp} fetched)
endif()
if(NOT fetched STREQUAL lock)
  file(REMOVE ${stamp})
  file(MAKE_DIRECTORY ${BUILD})
  file(COPY ${packages} DESTINATION ${BUILD})
  # no scripts of packages are run: none of them needs one
  execute_process(COMMAND ${NPM} --prefix ${BUILD} ci --ignore-scripts --loglevel=error
                  RESULT_VARIABLE failed OUTPUT_QUIET ERROR_VARIABLE error)
  if(failed)
    give_up("npm ci" "${error}")
    return()
  endif()
  file(WRITE ${stamp} ${lock})
endif()

file(REMOVE_RECURSE ${BUILD}/src)
file(COPY ${SOURCE}/src ${SOURCE}/index.html ${SOURCE}/vite.config.ts ${SOURCE}/tsconfig.json ${packages}
     DESTINATION ${BUILD})
foreach(step "check" "build;--;--outDir;${OUTPUT};--emptyOutDir;--logLevel;warn")
  execute_process(COMMAND ${NPM} --prefix ${BUILD} run --silent ${step} RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "the page does not build")
  endif()
endforeach()
file(TOUCH ${OUTPUT}/index.html)
