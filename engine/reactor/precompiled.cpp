#include "engine/reactor/precompiled.hpp"
