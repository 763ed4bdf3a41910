/* The judges of an answer. */
#ifndef TESTS_PHONE_CHECK_H
#define TESTS_PHONE_CHECK_H

#include "tests/phone/phone.h"

/* Decodes a->raw by its content type into a->doc and a->parts and judges
 * it: WBXML, version, schema, libwbxml, manners. Sets a->violation. May run
 * in any thread. */
void check_answer(struct answer *a, const char *version, bool judge);

/* True if the schemas were found (EASBRIDGE_SPEC, else the usual place
 * beside the project); without them that one judge is silent. */
bool check_has_schemas(void);

#endif
