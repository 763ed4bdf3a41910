#include "translate/mail/flag.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/pack.h"
#include "base/utf8.h"

#define MAX_FLAG_BLOCK 4096
#define MAX_CATEGORIES 300
#define MAX_CATEGORY_BYTES 255

static const wbxml_tag flag_tags[] = {
	WX_Tasks_Subject, WX_Email_Status, WX_Email_FlagType,
	WX_Tasks_DateCompleted, WX_Email_CompleteTime, WX_Tasks_StartDate,
	WX_Tasks_DueDate, WX_Tasks_UtcStartDate, WX_Tasks_UtcDueDate,
	WX_Tasks_ReminderSet, WX_Tasks_ReminderTime, WX_Tasks_OrdinalDate,
	WX_Tasks_SubOrdinalDate
};
#define N_FLAG_TAGS (sizeof(flag_tags) / sizeof(flag_tags[0]))

static bool
date_ok(const struct wbxml_node *n, wbxml_tag t, int64_t *out)
{
	return clock_parse(wbxml_child_text(n, t), out);
}

/* Present dates can be read and are in order; none or all four. */
static bool
dates_ok(const struct wbxml_node *f)
{
	static const wbxml_tag four[] = { WX_Tasks_StartDate, WX_Tasks_DueDate,
					  WX_Tasks_UtcStartDate,
					  WX_Tasks_UtcDueDate };
	int64_t t[4];
	int have = 0;

	for (int i = 0; i < 4; i++) {
		if (!wbxml_has(f, four[i]))
			continue;
		if (!date_ok(f, four[i], &t[i]))
			return false;
		have++;
	}
	if (!have)
		return true;
	return have == 4 && t[0] <= t[1] && t[2] <= t[3];
}

static bool
reminder_ok(const struct wbxml_node *f)
{
	int64_t t;

	if (wbxml_has(f, WX_Tasks_ReminderTime) &&
	    !date_ok(f, WX_Tasks_ReminderTime, &t))
		return false;
	return !wbxml_child_bool(f, WX_Tasks_ReminderSet, false) ||
		wbxml_has(f, WX_Tasks_ReminderTime);
}

static bool
complete_ok(const struct wbxml_node *f)
{
	int64_t t;

	return date_ok(f, WX_Email_CompleteTime, &t) &&
		date_ok(f, WX_Tasks_DateCompleted, &t);
}

static bool
known_once(const struct wbxml_node *f)
{
	for (const struct wbxml_node *c = f->child; c; c = c->next)
		if (wbxml_again(c))
			return false;
	return true;
}

static struct span
pack_flag(struct arena *a, enum flag_action action,
	  const struct wbxml_node *f)
{
	struct buf b = BUF_INIT(MAX_FLAG_BLOCK);
	struct span out = SPAN_NONE;

	row_u8(&b, (uint8_t)action);
	for (size_t i = 0; i < N_FLAG_TAGS; i++) {
		if (!wbxml_has(f, flag_tags[i]))
			continue;
		row_u32(&b, flag_tags[i]);
		row_str(&b, utf8_cut(wbxml_child_text(f, flag_tags[i]), 512));
	}
	if (!b.full)
		out = arena_dup(a, buf_view(&b));
	buf_free(&b);
	return out;
}

bool
flag_read(struct arena *a, const struct wbxml_node *flag,
	  struct flag_read *out)
{
	uint32_t status = 2;

	out->action = FLAG_CLEAR;
	out->block = SPAN_NONE;
	if (!flag || !flag->child)
		return true;
	if (!known_once(flag) || !dates_ok(flag) || !reminder_ok(flag))
		return false;
	if (wbxml_has(flag, WX_Email_Status) &&
	    (!wbxml_child_u32(flag, WX_Email_Status, &status) || status > 2))
		return false;
	if (status == 1 && !complete_ok(flag))
		return false;
	out->action = (enum flag_action)status;
	if (status)
		out->block = pack_flag(a, out->action, flag);
	return true;
}

static bool
is_flag_tag(uint32_t t)
{
	for (size_t i = 0; i < N_FLAG_TAGS; i++)
		if (flag_tags[i] == t)
			return true;
	return false;
}

static void
write_block(struct wbxml_writer *w, struct span block)
{
	struct cursor c = cursor_of(block);

	take_u8(&c);
	while (!c.bad && !cursor_done(&c)) {
		uint32_t tag = take_u32(&c);
		struct span text = take_str(&c);

		if (!c.bad && is_flag_tag(tag))
			wbxml_text(w, (wbxml_tag)tag, text);
	}
}

void
flag_write(struct arena *a, struct wbxml_writer *w, bool flagged,
	   struct span block)
{
	enum flag_action kept = block.n ?
		(enum flag_action)(unsigned char)block.p[0] : FLAG_CLEAR;

	(void)a;
	if (!flagged && kept != FLAG_COMPLETE) {
		wbxml_empty(w, WX_Email_Flag);
		return;
	}
	wbxml_open(w, WX_Email_Flag);
	if (kept == (flagged ? FLAG_ACTIVE : FLAG_COMPLETE)) {
		write_block(w, block);
	} else {
		wbxml_uint(w, WX_Email_Status, 2);
		wbxml_str(w, WX_Email_FlagType, "Flag for follow up");
	}
	wbxml_close(w);
}

/* ---- categories --------------------------------------------------------*/

static bool
is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		(c >= '0' && c <= '9') || c == '-' || c == '.';
}

static bool
is_atom(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_plain(s.p[i]) && s.p[i] != '_')
			return false;
	return s.n > 0;
}

bool
keyword_is_system(struct span k)
{
	static const char *const names[] = { "NonJunk", "NotJunk", "Junk",
		"JunkRecorded", "MDNSent", "Forwarded", "Redirected", "Old" };

	if (!k.n || k.p[0] == '\\')
		return true;
	if (k.p[0] == '$')
		return !span_starts_ci(k, SPAN("$cat_"));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (span_eq_ci(k, span_of(names[i])))
			return true;
	return false;
}

struct span
category_to_keyword(struct arena *a, struct span name)
{
	struct buf b = BUF_INIT(3 * MAX_CATEGORY_BYTES + 16);
	struct span out;

	name = utf8_cut(utf8_clean(a, span_trim(name)), MAX_CATEGORY_BYTES);
	if (!name.n)
		return SPAN_NONE;
	if (is_atom(name) && !keyword_is_system(name))
		return arena_dup(a, name);
	buf_str(&b, "$cat_");
	for (size_t i = 0; i < name.n; i++) {
		if (is_plain(name.p[i]))
			buf_byte(&b, name.p[i]);
		else
			buf_printf(&b, "_%02x", (unsigned char)name.p[i]);
	}
	out = arena_dup(a, buf_view(&b));
	buf_free(&b);
	return out;
}

struct span
category_from_keyword(struct arena *a, struct span k)
{
	struct span code;
	char *out;
	size_t n = 0;

	if (keyword_is_system(k))
		return SPAN_NONE;
	if (!span_starts_ci(k, SPAN("$cat_")))
		return utf8_clean(a, k);
	code = span_from_at(k, 5);
	out = arena_alloc(a, code.n + 1);
	for (size_t i = 0; i < code.n; i++) {
		struct span byte;

		if (code.p[i] == '_' && i + 2 < code.n &&
		    hex_decode(a, span_from(code.p + i + 1, 2), &byte)) {
			out[n++] = byte.p[0];
			i += 2;
		} else {
			out[n++] = code.p[i];
		}
	}
	return utf8_clean(a, span_from(out, n));
}

static int
by_bytes(const void *x, const void *y)
{
	return span_cmp(*(const struct span *)x, *(const struct span *)y);
}

struct span
categories_read(struct arena *a, const struct wbxml_node *categories)
{
	struct span *v = arena_array(a, MAX_CATEGORIES, sizeof(*v)), out;
	struct buf b = BUF_INIT(MAX_CATEGORIES * 1024);
	const struct wbxml_node *c =
		wbxml_child(categories, WX_Email_Category);
	size_t n = 0;

	for (; c && n < MAX_CATEGORIES; c = wbxml_again(c)) {
		v[n] = category_to_keyword(a, c->text);
		n += v[n].n > 0;
	}
	qsort(v, n, sizeof(*v), by_bytes);
	for (size_t i = 0; i < n; i++) {
		if (i && span_eq(v[i], v[i - 1]))
			continue;
		if (b.n)
			buf_byte(&b, ' ');
		buf_span(&b, v[i]);
	}
	out = arena_dup(a, buf_view(&b));
	buf_free(&b);
	return out;
}

void
categories_write(struct arena *a, struct wbxml_writer *w,
		 struct span keywords)
{
	struct span rest = keywords;
	size_t n = 0;

	while (rest.n) {
		struct span name = category_from_keyword(
			a, span_take_until(&rest, ' '));

		if (!name.n || n == MAX_CATEGORIES)
			continue;
		if (!n++)
			wbxml_open(w, WX_Email_Categories);
		wbxml_text(w, WX_Email_Category, name);
	}
	if (n)
		wbxml_close(w);
	else
		wbxml_empty(w, WX_Email_Categories);
}
