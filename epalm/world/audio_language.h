#pragma once

// Everything that puts a recording into words.
#include "epalm/world/annotators.h"
#include "epalm/world/audio_describe.h"
#include "epalm/world/audio_document.h"
#include "epalm/world/audio_questions.h"
