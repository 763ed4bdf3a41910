/* A growing run of bytes for the test phone (not the daemon's buf.h: test
 * and tested share no code). Out of memory ends the program. p always has
 * a NUL behind its n bytes, once anything was put. */
#ifndef TESTS_PHONE_BYTES_H
#define TESTS_PHONE_BYTES_H

#include <stdarg.h>
#include <stddef.h>

struct bytes {
	char *p;
	size_t n, room;
};

void bytes_put(struct bytes *b, const void *data, size_t n);
void bytes_str(struct bytes *b, const char *s);
void bytes_byte(struct bytes *b, unsigned c);
void bytes_printf(struct bytes *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void bytes_vprintf(struct bytes *b, const char *fmt, va_list ap);
void bytes_free(struct bytes *b);
/* Standard alphabet, with padding; caller frees. */
char *bytes_base64(const void *data, size_t n);
/* Skips blanks and line ends; false for anything illegal. Appends to out. */
int bytes_unbase64(struct bytes *out, const char *text);
/* Text for use inside an XML element; caller frees. */
char *bytes_xml_escape(const char *text);
/* printf into fresh memory; caller frees. */
char *bytes_format(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));

#endif
