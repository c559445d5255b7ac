# mira_library(NAME [SOURCES file...] [LINKS target...] [PRIVATE_LINKS target...])
# One static library per sub-folder. LINKS are what its headers need, PRIVATE_LINKS what only its sources need.
# From engine/reactor on they share what is precompiled there.
function(mira_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS;PRIVATE_LINKS" ${ARGN})
  if(arg_SOURCES)
    add_library(${name} STATIC ${arg_SOURCES})
    target_link_libraries(${name} PUBLIC mira_flags ${arg_LINKS} PRIVATE ${arg_PRIVATE_LINKS})
    if(TARGET mira_precompiled)
      target_precompile_headers(${name} REUSE_FROM mira_precompiled)
      target_link_libraries(${name} PRIVATE engine_vendor) # its macros: they must be the same
    endif()
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE mira_flags ${arg_LINKS})
  endif()
endfunction()
