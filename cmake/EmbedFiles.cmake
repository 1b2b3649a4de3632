# cmake -DDIRECTORY=... -DFUNCTION=... -DOUTPUT=... -P EmbedFiles.cmake
# Writes a source that defines FUNCTION of src/report/files.h: all .sql and .css files below DIRECTORY,
# by their names.
file(GLOB_RECURSE names RELATIVE ${DIRECTORY} ${DIRECTORY}/*.sql ${DIRECTORY}/*.css)
set(items "")
foreach(name IN LISTS names)
  file(READ "${DIRECTORY}/${name}" text)
  string(APPEND items "    {\"${name}\", R\"---(${text})---\"},\n")
endforeach()
file(WRITE "${OUTPUT}" "// Made by cmake/EmbedFiles.cmake.
#include \"src/report/files.h\"

namespace dns_monitor::report {
namespace {

constexpr EmbeddedFile kFiles[] = {
${items}};

}  // namespace

absl::Span<const EmbeddedFile> ${FUNCTION}() {
  return kFiles;
}

}  // namespace dns_monitor::report
")
