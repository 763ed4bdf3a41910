/* Getters over decoded documents. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/phone.h"
#include "tests/phone/wire.h"

/* ---- paths -------------------------------------------------------------*/

struct step {
	char name[64];
	char child[64], value[256]; /* [child=value] */
	size_t index;               /* [n], from 1; 0: all */
};

static void
parse_test(struct step *s, const char *test, size_t n)
{
	const char *eq = memchr(test, '=', n);

	if (!eq) {
		s->index = (size_t)atoi(test);
		return;
	}
	snprintf(s->child, sizeof(s->child), "%.*s", (int)(eq - test), test);
	snprintf(s->value, sizeof(s->value), "%.*s",
		 (int)(n - (size_t)(eq - test) - 1), eq + 1);
}

/* Cuts one step off the path; returns the rest, NULL at the end. */
static const char *
take_step(struct step *s, const char *path)
{
	size_t n = strcspn(path, "[/");
	const char *close;

	memset(s, 0, sizeof(*s));
	snprintf(s->name, sizeof(s->name), "%.*s", (int)n, path);
	path += n;
	if (*path == '[') {
		close = strchr(path, ']');
		if (!close)
			abort(); /* the test's path is wrong */
		parse_test(s, path + 1, (size_t)(close - path - 1));
		path = close + 1;
	}
	return *path == '/' ? path + 1 : NULL;
}

static bool
step_fits(const struct step *s, xmlNodePtr n)
{
	const char *text;

	if (n->type != XML_ELEMENT_NODE)
		return false;
	if (strcmp(s->name, "*") && strcmp(s->name, (const char *)n->name))
		return false;
	if (!s->child[0])
		return true;
	text = node_text(n, s->child);
	return text && !strcmp(text, s->value);
}

struct hunt {
	size_t skip;  /* matches to pass over */
	size_t count; /* matches seen */
	xmlNodePtr found;
};

static void hunt_in(struct hunt *h, xmlNodePtr from, const char *path);

static void
hunt_at(struct hunt *h, xmlNodePtr n, const char *rest)
{
	if (rest) {
		hunt_in(h, n, rest);
		return;
	}
	if (h->count++ == h->skip)
		h->found = n;
}

static void
hunt_in(struct hunt *h, xmlNodePtr from, const char *path)
{
	struct step s;
	const char *rest = take_step(&s, path);
	xmlNodePtr n;
	size_t at = 0;

	for (n = from->children; n; n = n->next)
		if (step_fits(&s, n) && (!s.index || ++at == s.index))
			hunt_at(h, n, rest);
}

static struct hunt
hunt_for(xmlNodePtr from, const char *path, size_t skip)
{
	struct hunt h = { .skip = skip };

	if (!from)
		return h;
	if (!strcmp(path, "."))
		hunt_at(&h, from, NULL);
	else
		hunt_in(&h, from, path);
	return h;
}

xmlNodePtr
node_nth(xmlNodePtr from, const char *path, size_t i)
{
	return hunt_for(from, path, i).found;
}

xmlNodePtr
node_find(xmlNodePtr from, const char *path)
{
	return node_nth(from, path, 0);
}

size_t
node_count(xmlNodePtr from, const char *path)
{
	return hunt_for(from, path, SIZE_MAX).count;
}

const char *
node_text(xmlNodePtr from, const char *path)
{
	xmlNodePtr n = node_find(from, path);

	if (!n)
		return NULL;
	for (n = n->children; n; n = n->next)
		if (n->type == XML_TEXT_NODE ||
		    n->type == XML_CDATA_SECTION_NODE)
			return (const char *)n->content;
	return "";
}

/* ---- answers -----------------------------------------------------------*/

/* "/Root/a/b" from the document node. */
static xmlNodePtr
top(const struct answer *a)
{
	return a && a->doc ? (xmlNodePtr)a->doc : NULL;
}

static const char *
relative(const char *path)
{
	return *path == '/' ? path + 1 : path;
}

xmlNodePtr
answer_nth(const struct answer *a, const char *path, size_t i)
{
	return node_nth(top(a), relative(path), i);
}

xmlNodePtr
answer_find(const struct answer *a, const char *path)
{
	return answer_nth(a, path, 0);
}

size_t
answer_count(const struct answer *a, const char *path)
{
	return node_count(top(a), relative(path));
}

const char *
answer_text(const struct answer *a, const char *path)
{
	return node_text(top(a), relative(path));
}

bool
answer_has(const struct answer *a, const char *path)
{
	return answer_find(a, path) != NULL;
}

int
answer_int(const struct answer *a, const char *path)
{
	const char *text = answer_text(a, path);

	return text ? atoi(text) : -1;
}

char *
answer_show(const struct answer *a)
{
	char *doc = a->doc ? wire_show(a->doc) : NULL, *out;

	out = bytes_format("%s: HTTP %ld, %zu bytes%s%s%s%s\n%s", a->cmd,
			   a->status, a->n_raw, *a->type ? " of " : "",
			   a->type, *a->error ? ", " : "", a->error,
			   doc ? doc : "");
	free(doc);
	return out;
}

static void
complain(const struct answer *a, const char *path, const char *want,
	 const char *have)
{
	char *all = answer_show(a);

	phone_failf("%s is '%s', expected '%s', in\n%s", path,
		    have ? have : "(absent)", want ? want : "(absent)", all);
	free(all);
}

void
answer_expect(const struct answer *a, const char *path, const char *want)
{
	const char *have = answer_text(a, path);

	if (!have != !want || (have && strcmp(have, want) != 0))
		complain(a, path, want, have);
}

void
answer_expect_http(const struct answer *a, long status)
{
	char want[16], have[16];

	if (a->status == status)
		return;
	snprintf(want, sizeof(want), "%ld", status);
	snprintf(have, sizeof(have), "%ld", a->status);
	complain(a, "HTTP status", want, have);
}
