#include "epalm/base/scratch_folder.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "epalm/base/error.h"

namespace epalm {

ScratchFolder::ScratchFolder(const std::string& purpose) {
  std::string name = (std::filesystem::temp_directory_path() / ("epalm_" + purpose + "_XXXXXX")).string();
  require(mkdtemp(name.data()) != nullptr, "cannot make the folder '{}': {}; set TMPDIR", name, std::strerror(errno));
  path_ = name;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace epalm
