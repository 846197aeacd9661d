# What `cmake --install` puts where, and the package that find_package(epalm) reads.
include(CMakePackageConfigHelpers)
get_property(rooms GLOBAL PROPERTY EPALM_ROOMS)

# epalm::epalm: all rooms at once, for <epalm/epalm.h>.
add_library(epalm_umbrella INTERFACE)
add_library(epalm::epalm ALIAS epalm_umbrella)
set_target_properties(epalm_umbrella PROPERTIES EXPORT_NAME epalm)
target_link_libraries(epalm_umbrella INTERFACE ${rooms})

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/epalm)
install(TARGETS ${rooms} epalm_torch epalm_umbrella EXPORT epalmTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS epalm_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY epalm/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/epalm FILES_MATCHING PATTERN "*.h")
install(DIRECTORY assets/ DESTINATION ${CMAKE_INSTALL_DATADIR}/epalm/assets OPTIONAL)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

install(EXPORT epalmTargets NAMESPACE epalm:: DESTINATION ${package_dir})
configure_package_config_file(cmake/epalmConfig.cmake.in ${PROJECT_BINARY_DIR}/epalmConfig.cmake
  INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/epalmConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/epalmConfig.cmake ${PROJECT_BINARY_DIR}/epalmConfigVersion.cmake
  cmake/EpalmDependencies.cmake DESTINATION ${package_dir})
