# Writes OUT: the git revision of SOURCE, with "-dirty" where tracked files differ from it, "" outside git. Run at every
# build: cmake -DSOURCE=. -DOUT=revision.cc -P cmake/EpalmRevision.cmake. OUT is touched only where it changes.
set(revision "")
execute_process(COMMAND git -C ${SOURCE} rev-parse HEAD
  OUTPUT_VARIABLE head OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
if(NOT failed)
  execute_process(COMMAND git -C ${SOURCE} diff-index --quiet HEAD -- OUTPUT_QUIET ERROR_QUIET RESULT_VARIABLE differs)
  set(revision ${head})
  if(differs)
    string(APPEND revision "-dirty")
  endif()
endif()
set(text "#include \"epalm/train/run_record.h\"\n\nconst char* epalm::train::git_revision() {\n  return \"${revision}\";\n}\n")
if(EXISTS ${OUT})
  file(READ ${OUT} old)
endif()
if(NOT "${old}" STREQUAL "${text}")
  file(WRITE ${OUT} "${text}")
endif()
