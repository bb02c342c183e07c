/* An assertion that does not hold ends the rule with a fault that says so, in every build. */

#ifndef WAYLEAVE_ASSERT_H
#define WAYLEAVE_ASSERT_H

#include <wayleave.h>

#define assert(holds) ((holds) ? (void)0 : panic("%s:%d: %s does not hold", __FILE__, __LINE__, #holds))
#define static_assert _Static_assert

#endif
