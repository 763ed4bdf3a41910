/* For tests of calendar translation: application data as small XML text.
 * Names are of the Calendar page, "a:" AirSyncBase, "t:" Tasks, "c:" Contacts,
 * "d:" Contacts2, "n:" Notes. */
#ifndef TESTS_UNIT_HELPER_CAL_H
#define TESTS_UNIT_HELPER_CAL_H

#include "translate/env.h"

/* <Subject>x</Subject>... -> ApplicationData. Fails the test if it is no
 * such text. &amp; &lt; &gt; are known. */
const struct wbxml_node *xml_data(struct arena *a, const char *text);
/* The children of n, one element a line, indented. */
struct span data_text(struct arena *a, const struct wbxml_node *n);
/* Runs a writer between begin and end and reads the result back. */
typedef void write_fn(const struct tr_env *env, struct span ics,
		      struct wbxml_writer *w);
const struct wbxml_node *written(const struct tr_env *env, struct span ics,
				 write_fn *fn);
/* "" if `got` has the bytes of that file; GOLDEN_UPDATE=1 writes it. */
void golden_is(struct arena *a, const char *path, struct span got);
/* LF text -> CRLF. */
struct span crlf(struct arena *a, const char *text);

#endif
