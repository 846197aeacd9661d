#pragma once

namespace epalm::cli {

// From now on SIGINT and SIGTERM ask to stop instead of ending the process; a second one ends it at once.
void catch_interrupts();
// Has one arrived? Loops poll this.
bool interrupted();

}  // namespace epalm::cli
