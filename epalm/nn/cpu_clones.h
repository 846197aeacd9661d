#pragma once

// One clone of a function for each kind of CPU, chosen when the program starts.
#if defined(__x86_64__)
#define EPALM_CPU_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define EPALM_CPU_CLONES
#endif
