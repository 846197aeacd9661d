# epalm_room(NAME SOURCES file… [DEPS target…] [PRIVATE_DEPS target…])
# One folder = one static library epalm_NAME, alias epalm::NAME. DEPS are seen by users of the room's headers.
function(epalm_room name)
  cmake_parse_arguments(arg "TORCH" "" "SOURCES;DEPS;PRIVATE_DEPS" ${ARGN})
  add_library(epalm_${name} STATIC ${arg_SOURCES})
  add_library(epalm::${name} ALIAS epalm_${name})
  # Ten files at a time: reading headers takes most of a full build. So the names of a room's files are all different,
  # those in unnamed namespaces too.
  set_target_properties(epalm_${name} PROPERTIES EXPORT_NAME ${name}
    UNITY_BUILD ${EPALM_UNITY} UNITY_BUILD_BATCH_SIZE 10)
  target_include_directories(epalm_${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_compile_features(epalm_${name} PUBLIC cxx_std_20)
  target_link_libraries(epalm_${name} PUBLIC ${arg_DEPS} PRIVATE ${arg_PRIVATE_DEPS})
  epalm_compile_settings(epalm_${name})
  if(arg_TORCH)
    target_link_libraries(epalm_${name} PUBLIC epalm::torch)
    epalm_use_torch_pch(epalm_${name})
  endif()
  set_property(GLOBAL APPEND PROPERTY EPALM_ROOMS epalm_${name})
endfunction()

function(epalm_compile_settings target)
  target_compile_options(${target} PRIVATE -Wall -Wextra $<$<BOOL:${EPALM_WERROR}>:-Werror>)
  if(EPALM_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${EPALM_SANITIZE} -fno-omit-frame-pointer)
    target_link_options(${target} PUBLIC -fsanitize=${EPALM_SANITIZE})
  endif()
endfunction()

# The headers of tensors take most of the compile time, so they are compiled once and shared. Not torch/torch.h: its
# templates would be instantiated anew in every file.
function(epalm_use_torch_pch target)
  if(NOT TARGET epalm_torch_pch)
    file(WRITE ${PROJECT_BINARY_DIR}/torch_pch.cc "")
    add_library(epalm_torch_pch OBJECT ${PROJECT_BINARY_DIR}/torch_pch.cc)
    # fmt::fmt as every room has it through base: a precompiled header is used only where all definitions agree.
    target_link_libraries(epalm_torch_pch PRIVATE epalm::torch fmt::fmt)
    target_compile_features(epalm_torch_pch PRIVATE cxx_std_20)
    epalm_compile_settings(epalm_torch_pch)
    # clang wants c10::IValue whole before libtorch 1.13's own headers have it.
    set(before_aten)
    if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
      set(before_aten <ATen/core/ivalue.h>)
    endif()
    target_precompile_headers(epalm_torch_pch PRIVATE ${before_aten} <ATen/ATen.h> <map> <string> <vector> <memory> <functional> <fmt/format.h>)
  endif()
  target_precompile_headers(${target} REUSE_FROM epalm_torch_pch)
  # Programs are compiled like the rooms: with -fPIE instead the compiler would ignore the header.
  get_target_property(type ${target} TYPE)
  if(type STREQUAL EXECUTABLE)
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(${target} PRIVATE -fPIC)
  endif()
endfunction()

# A test's own code runs once: a third of its compile time is worth more than its speed. -O0 would lose the header of all.
function(epalm_compile_fast target)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
endfunction()

# epalm_test(ROOM SOURCES file… [DEPS target…] [TORCH]): one test program per room, tests/ROOM/*.cc -> ROOM_test.
function(epalm_test name)
  cmake_parse_arguments(arg "TORCH" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name}_test ${arg_SOURCES})
  target_link_libraries(${name}_test PRIVATE ${arg_DEPS} GTest::gtest GTest::gmock GTest::gtest_main)
  target_include_directories(${name}_test PRIVATE ${PROJECT_SOURCE_DIR})
  target_compile_definitions(${name}_test PRIVATE EPALM_SOURCE_DIR="${PROJECT_SOURCE_DIR}" EPALM_BINARY_DIR="${PROJECT_BINARY_DIR}")
  epalm_compile_settings(${name}_test)
  epalm_compile_fast(${name}_test)
  if(arg_TORCH)
    target_link_libraries(${name}_test PRIVATE epalm::torch)
    epalm_use_torch_pch(${name}_test)
  endif()
  add_test(NAME ${name} COMMAND ${name}_test)
  set_tests_properties(${name} PROPERTIES TIMEOUT 600 ENVIRONMENT HF_HUB_OFFLINE=1)  # no test leaves the machine
endfunction()
