#pragma once

// Everything that puts a scene into words.
#include "epalm/world/annotators.h"
#include "epalm/world/describe.h"
#include "epalm/world/document.h"
#include "epalm/world/questions.h"
