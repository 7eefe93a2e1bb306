# Makes a copy of liblua5.4.a in which some calls between its object files go to functions of ours (lua_core.cpp):
#
#   lobject   strspn, snprintf           how numbers become text: 5.0 prints as "5"
#   llex lapi lvm   luaO_str2num         numerals and texts become doubles, never integers
#   lstrlib   checkinteger ...           the library's integers are doubles outside; 1.5 as an argument is truncated
#   lvm       luaV_objlen                #t is a double; the original is reached as UsherLuaLength
#   lvm       luaG_traceexec             the count hook runs once per jump or call instead of once per instruction
#   ltable    luaV_flttointeger          the same for doubles as keys, but quick: nearly every key of an array is one
#   ldo       luaE_extendCI              recursion ends after 20,000 calls, not after a million stack places
#   ldebug    luaO_pushvfstring          messages in the words of 5.1
#   lstrlib   luaL_error                 the same, for arithmetic on texts
#   lstate    luaS_hash                  the seed of string hashes is 0, which gives pairs() the order of 5.1
#
# Nothing of Lua's source is needed, and a symbol that is not where this expects it stops the build.
# Variables: ARCHIVE, OUTPUT, AR, NM, OBJCOPY.
cmake_minimum_required(VERSION 3.25)

function(run)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY ${work} COMMAND_ERROR_IS_FATAL ANY OUTPUT_VARIABLE output)
  set(output "${output}" PARENT_SCOPE)
endfunction()

# redirect(OBJECT FROM TO ...): the calls in OBJECT to the symbols FROM go to TO.
function(redirect object)
  run(${NM} ${object}.o)
  set(options)
  set(names ${ARGN})
  while(names)
    list(POP_FRONT names from to)
    if(NOT output MATCHES " U ${from}\n")
      message(FATAL_ERROR "${object}.o of ${ARCHIVE} does not call ${from}: another release of Lua?")
    endif()
    list(APPEND options --redefine-sym ${from}=${to})
  endwhile()
  run(${OBJCOPY} ${options} ${object}.o)
endfunction()

set(work ${OUTPUT}.objects)
file(REMOVE_RECURSE ${work} ${OUTPUT})
file(MAKE_DIRECTORY ${work})
run(${AR} x ${ARCHIVE})

redirect(lobject strspn UsherLuaIntegralPrefix __snprintf_chk UsherLuaFormatNumber)
redirect(llex luaO_str2num UsherLuaTextToNumber)
redirect(lapi luaO_str2num UsherLuaTextToNumber)
redirect(lvm luaO_str2num UsherLuaTextToNumber luaG_traceexec UsherLuaTrace)
redirect(ltable luaV_flttointeger UsherLuaKeyToInteger)
redirect(ldo luaE_extendCI UsherLuaExtendCalls)
redirect(ldebug luaO_pushvfstring UsherLuaMessage)
redirect(lstate luaS_hash UsherLuaSeed)
set(integers luaL_checkinteger UsherLuaCheckInteger luaL_optinteger UsherLuaOptInteger
  lua_pushinteger UsherLuaPushInteger)
redirect(lstrlib ${integers} luaL_error UsherLuaStringError)

# The length operator's own definition keeps its place under a second name; a weak symbol gives way to ours.
run(${NM} lvm.o)
if(NOT output MATCHES "\n([0-9a-f]+) T luaV_objlen\n")
  message(FATAL_ERROR "lvm.o of ${ARCHIVE} does not define luaV_objlen: another release of Lua?")
endif()
run(${OBJCOPY} --add-symbol UsherLuaLength=.text:0x${CMAKE_MATCH_1},function,global --weaken-symbol luaV_objlen lvm.o)

file(GLOB objects RELATIVE ${work} ${work}/*.o)
run(${AR} crs ${OUTPUT} ${objects})
