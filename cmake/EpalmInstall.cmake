include(CMakePackageConfigHelpers)
get_property(rooms GLOBAL PROPERTY EPALM_ROOMS)
install(TARGETS ${rooms} epalm_torch EXPORT epalmTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS epalm_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY epalm/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/epalm FILES_MATCHING PATTERN "*.h")
install(EXPORT epalmTargets NAMESPACE epalm:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/epalm)
configure_package_config_file(cmake/epalmConfig.cmake.in ${PROJECT_BINARY_DIR}/epalmConfig.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/epalm)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/epalmConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/epalmConfig.cmake ${PROJECT_BINARY_DIR}/epalmConfigVersion.cmake cmake/EpalmDependencies.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/epalm)
