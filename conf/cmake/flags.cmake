# Flags that every target of the project shares, as the interface library mira_flags.
add_library(mira_flags INTERFACE)
target_compile_features(mira_flags INTERFACE cxx_std_20)
target_include_directories(mira_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_definitions(mira_flags INTERFACE MIRA_VERSION="${PROJECT_VERSION}")

target_compile_options(mira_flags INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wformat=2 -Wimplicit-fallthrough
  -Woverloaded-virtual -Wbidi-chars=any -fno-strict-aliasing)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # GNU-only spellings and Clang's extra opinion on C++20 designated initialisers.
  target_compile_options(mira_flags INTERFACE -Wno-unknown-warning-option -Wno-missing-field-initializers -Wno-sign-conversion)
endif()
# What ccache needs in order to tell precompiled headers apart.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(mira_flags INTERFACE -fpch-preprocess)
else()
  target_compile_options(mira_flags INTERFACE "SHELL:-Xclang -fno-pch-timestamp")
endif()
if(MIRA_WERROR)
  target_compile_options(mira_flags INTERFACE -Werror)
endif()

# Hardening after the OpenSSF guide; a sanitizer brings its own checks and dislikes some of these.
if(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo" AND NOT MIRA_SANITIZE)
  target_compile_options(mira_flags INTERFACE
    -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -D_GLIBCXX_ASSERTIONS -fstack-protector-strong -fstack-clash-protection)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    target_compile_options(mira_flags INTERFACE -fcf-protection=full)
  endif()
  target_link_options(mira_flags INTERFACE -pie -Wl,-z,noexecstack,-z,relro,-z,now,--as-needed)
endif()

if(MIRA_SANITIZE)
  target_compile_options(mira_flags INTERFACE -fsanitize=${MIRA_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all -O1)
  target_link_options(mira_flags INTERFACE -fsanitize=${MIRA_SANITIZE})
  if(MIRA_SANITIZE MATCHES "thread")
    # Asio's fences are not modelled by the thread sanitizer.
    target_compile_definitions(mira_flags INTERFACE BOOST_ASIO_DISABLE_FENCED_BLOCK)
  endif()
endif()
if(MIRA_COVERAGE)
  target_compile_options(mira_flags INTERFACE --coverage -O0)
  target_link_options(mira_flags INTERFACE --coverage)
endif()
if(MIRA_FUZZ)
  target_compile_options(mira_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
