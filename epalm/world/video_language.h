#pragma once

// Everything that puts a clip into words.
#include "epalm/world/annotators.h"
#include "epalm/world/video_describe.h"
#include "epalm/world/video_document.h"
#include "epalm/world/video_questions.h"
