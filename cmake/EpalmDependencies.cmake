# Every outside library, found once. The rooms name the imported targets below and nothing else.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(Torch REQUIRED)

# libtorch as one SYSTEM target: its headers must not trip our warnings.
if(NOT TARGET epalm::torch)
  add_library(epalm_torch INTERFACE)
  add_library(epalm::torch ALIAS epalm_torch)
  target_include_directories(epalm_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
  target_link_libraries(epalm_torch INTERFACE ${TORCH_LIBRARIES})
  separate_arguments(epalm_torch_flags UNIX_COMMAND "${TORCH_CXX_FLAGS}")
  target_compile_options(epalm_torch INTERFACE ${epalm_torch_flags})
  # at::parallel_for is a header's: without OpenMP it runs on one thread and says nothing. clang would bring a second
  # OpenMP library beside the one that libtorch and oneDNN run on, so its builds do without.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    find_package(OpenMP REQUIRED)
    target_link_libraries(epalm_torch INTERFACE OpenMP::OpenMP_CXX)
  endif()
endif()

# Debian's dnnl package file insists on OpenCL, which the CPU engine does not need: take library and header directly.
if(EPALM_ONEDNN AND NOT TARGET epalm::onednn)
  find_library(EPALM_ONEDNN_LIBRARY dnnl REQUIRED)
  find_path(EPALM_ONEDNN_INCLUDE oneapi/dnnl/dnnl.hpp REQUIRED)
  add_library(epalm::onednn INTERFACE IMPORTED)
  target_include_directories(epalm::onednn INTERFACE ${EPALM_ONEDNN_INCLUDE})
  target_link_libraries(epalm::onednn INTERFACE ${EPALM_ONEDNN_LIBRARY})
endif()

pkg_check_modules(PNG REQUIRED IMPORTED_TARGET libpng)
pkg_check_modules(WEBP REQUIRED IMPORTED_TARGET libwebp)
pkg_check_modules(FFMPEG REQUIRED IMPORTED_TARGET libavformat>=59.27 libavcodec libavutil libswscale libswresample)
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)
pkg_check_modules(LMDB REQUIRED IMPORTED_TARGET lmdb)
pkg_check_modules(ICU REQUIRED IMPORTED_TARGET icu-uc)
find_package(GIF REQUIRED)
find_package(JPEG REQUIRED)
find_package(Protobuf REQUIRED)
find_package(CURL REQUIRED)

# No header is needed, so the library that libtorch itself is linked to will do.
if(NOT TARGET epalm::sleef)
  find_library(EPALM_SLEEF_LIBRARY NAMES sleef libsleef.so.3 REQUIRED)
  add_library(epalm::sleef INTERFACE IMPORTED)
  target_link_libraries(epalm::sleef INTERFACE ${EPALM_SLEEF_LIBRARY})
endif()
