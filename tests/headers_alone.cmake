# Target headers_alone: every header compiles by itself. One that its own source includes first does so in every build
# without precompiled headers (dev, asan, clang); each of the others is the only include of an empty source, parsed
# but not compiled. A dependency file makes repeated runs cheap.
file(GLOB_RECURSE HEADERS CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}
  ${CMAKE_SOURCE_DIR}/protocol/*.h ${CMAKE_SOURCE_DIR}/engine/*.h ${CMAKE_SOURCE_DIR}/scripting/*.h
  ${CMAKE_SOURCE_DIR}/cluster/*.h ${CMAKE_SOURCE_DIR}/server/*.h ${CMAKE_SOURCE_DIR}/tests/*.h
  ${CMAKE_SOURCE_DIR}/bench/*.h)
set(HEADER_STAMPS)
foreach(header ${HEADERS})
  string(REGEX REPLACE "\\.h$" ".cpp" source ${CMAKE_SOURCE_DIR}/${header})
  if(EXISTS ${source})
    file(STRINGS ${source} first LIMIT_COUNT 1 REGEX "^#include")
    if(first STREQUAL "#include \"${header}\"")
      continue()
    endif()
  endif()
  string(REPLACE "/" "." stamp ${header})
  set(stamp ${CMAKE_BINARY_DIR}/headers_alone/${stamp})
  add_custom_command(OUTPUT ${stamp} DEPENDS ${CMAKE_SOURCE_DIR}/${header} DEPFILE ${stamp}.d
    COMMAND ${CMAKE_CXX_COMPILER} -std=c++20 -Wall -Wextra -Werror -I${CMAKE_SOURCE_DIR} -fsyntax-only
      -MD -MF ${stamp}.d -MT ${stamp} -include ${CMAKE_SOURCE_DIR}/${header} -x c++ /dev/null
    COMMAND ${CMAKE_COMMAND} -E touch ${stamp}
    COMMENT "${header} alone" VERBATIM)
  list(APPEND HEADER_STAMPS ${stamp})
endforeach()
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/headers_alone)
add_custom_target(headers_alone DEPENDS ${HEADER_STAMPS})
