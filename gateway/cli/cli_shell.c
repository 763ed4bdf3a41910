/* Completion for shells, from the table of commands. */
#include "gateway/cli/cli_private.h"

#include <string.h>

static bool
takes_file(const struct cli_option_row *o)
{
	return o->value != NULL && strcmp(o->value, "FILE") == 0;
}

/* In single quotes, as every shell takes it; `colons` escaped for zsh. */
static void
quoted(const char *text, bool colons)
{
	for (; *text != '\0'; text++)
		if (*text == '\'')
			fputs("'\\''", stdout);
		else if (*text == ':' && colons)
			fputs("\\:", stdout);
		else
			putchar(*text);
}

/* The first of the rows that begin with this word. */
static bool
first_of_word(const struct cli_command *cmd)
{
	size_t n = strcspn(cmd->words, " ");
	const struct cli_command *c;

	for (c = cli_commands; c != cmd; c++)
		if (strcspn(c->words, " ") == n &&
		    strncmp(c->words, cmd->words, n) == 0)
			return false;
	return true;
}

/* ---- bash --------------------------------------------------------------*/

static void
bash_options(void)
{
	const struct cli_command *cmd;
	size_t i;

	puts("\t-*) case $line in");
	for (cmd = cli_commands; cmd->words != NULL; cmd++) {
		printf("\t\"%s\"*) words=\"--help", cmd->words);
		for (i = 0; cli_options[i].name != NULL; i++)
			if (cmd->options & cli_options[i].bit)
				printf(" %s", cli_options[i].name);
		puts("\" ;;");
	}
	puts("\tesac ;;");
}

static void
bash_words(void)
{
	const struct cli_command *cmd;

	fputs("\t*) case $line in\n\t\"\") words=\"", stdout);
	for (cmd = cli_commands; cmd->words != NULL; cmd++)
		if (first_of_word(cmd))
			printf("%.*s ", (int)strcspn(cmd->words, " "),
			       cmd->words);
	puts("\" ;;");
	for (cmd = cli_commands; cmd->words != NULL; cmd++) {
		const char *second = strchr(cmd->words, ' ');

		if (second != NULL)
			printf("\t\"%.*s\") words=\"$words%s\" ;;&\n",
			       (int)(second - cmd->words), cmd->words, second);
	}
	puts("\tesac ;;");
}

static void
bash(void)
{
	size_t i;

	fputs("# easbridge completion bash > "
	      "/usr/share/bash-completion/completions/easbridge\n"
	      "_easbridge() {\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} line words=\n"
	      "\tlocal prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	      "\tcase $prev in\n"
	      "\t-c",
	      stdout);
	for (i = 0; cli_options[i].name != NULL; i++)
		if (takes_file(&cli_options[i]) &&
		    cli_options[i].bit != CLI_CONF)
			printf("|%s", cli_options[i].name);
	puts(")\n\t\tCOMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n"
	     "\tesac\n"
	     "\tline=\"${COMP_WORDS[*]:1:COMP_CWORD-1}\"\n"
	     "\tcase $cur in");
	bash_options();
	bash_words();
	puts("\tesac\n"
	     "\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
	     "}\n"
	     "complete -o default -F _easbridge easbridge");
}

/* ---- zsh ---------------------------------------------------------------*/

static void
zsh_options(void)
{
	const struct cli_command *cmd;
	size_t i;

	puts("\tif [[ $PREFIX == -* ]]; then\n\t\tcase $before in");
	for (cmd = cli_commands; cmd->words != NULL; cmd++) {
		printf("\t\t(\"%s\"*) found=('--help:explain it'", cmd->words);
		for (i = 0; cli_options[i].name != NULL; i++) {
			if (!(cmd->options & cli_options[i].bit))
				continue;
			printf(" '%s:", cli_options[i].name);
			quoted(cli_options[i].help, true);
			putchar('\'');
		}
		puts(") ;;");
	}
	puts("\t\tesac\n\t\t_describe -o option found\n\t\treturn\n\tfi");
}

static void
zsh_words(void)
{
	const struct cli_command *cmd;

	puts("\tcase $before in\n\t(\"\") found=(");
	for (cmd = cli_commands; cmd->words != NULL; cmd++) {
		size_t n = strcspn(cmd->words, " ");

		if (!first_of_word(cmd))
			continue;
		printf("\t\t'%.*s:", (int)n, cmd->words);
		quoted(cmd->words[n] == '\0' ? cmd->about : "...", true);
		puts("'");
	}
	puts("\t\t) ;;\n\tesac");
	for (cmd = cli_commands; cmd->words != NULL; cmd++) {
		const char *second = strchr(cmd->words, ' ');

		if (second == NULL)
			continue;
		printf("\t[[ $before == \"%.*s\" ]] && found+=('%s:",
		       (int)(second - cmd->words), cmd->words, second + 1);
		quoted(cmd->about, true);
		puts("')");
	}
}

static void
zsh(void)
{
	size_t i;
	bool more = false;

	fputs("#compdef easbridge\n"
	      "# easbridge completion zsh > "
	      "/usr/share/zsh/vendor-completions/_easbridge\n"
	      "_easbridge() {\n"
	      "\tlocal -a found\n"
	      "\tlocal before=\"${(j: :)words[2,CURRENT-1]}\"\n"
	      "\tcase ${words[CURRENT-1]} in\n\t(",
	      stdout);
	for (i = 0; cli_options[i].name != NULL; i++) {
		if (!takes_file(&cli_options[i]))
			continue;
		printf("%s%s", more ? "|" : "", cli_options[i].name);
		more = true;
	}
	puts(") _files; return ;;\n\tesac");
	zsh_options();
	zsh_words();
	puts("\tif (( $#found )); then\n\t\t_describe command found\n"
	     "\telse\n\t\t_files\n\tfi\n}\n_easbridge \"$@\"");
}

/* ---- fish --------------------------------------------------------------*/

static void
fish_words(const struct cli_command *cmd)
{
	size_t n = strcspn(cmd->words, " ");
	bool one = cmd->words[n] == '\0';

	if (first_of_word(cmd)) {
		printf("complete -c easbridge -f -n __easbridge_at -a '%.*s' "
		       "-d '",
		       (int)n, cmd->words);
		quoted(one ? cmd->about : "...", false);
		puts("'");
	}
	if (one)
		return;
	printf("complete -c easbridge -f -n '__easbridge_at %.*s' -a '%s' "
	       "-d '",
	       (int)n, cmd->words, cmd->words + n + 1);
	quoted(cmd->about, false);
	puts("'");
}

static void
fish_options(const struct cli_command *cmd)
{
	const struct cli_option_row *o;

	for (o = cli_options; o->name != NULL; o++) {
		if (!(cmd->options & o->bit))
			continue;
		printf("complete -c easbridge -n '__easbridge_in %s' ",
		       cmd->words);
		if (o->name[1] == '-')
			printf("-l %s", o->name + 2);
		else
			printf("-s %s", o->name + 1);
		fputs(takes_file(o) ? " -r -F" : o->value ? " -x" : "", stdout);
		fputs(" -d '", stdout);
		quoted(o->help, false);
		puts("'");
	}
}

static void
fish(void)
{
	const struct cli_command *cmd;

	puts("# easbridge completion fish > "
	     "/usr/share/fish/vendor_completions.d/easbridge.fish\n"
	     "function __easbridge_at\n"
	     "\tset -l have (commandline -opc)\n"
	     "\ttest \"$have[2..-1]\" = \"$argv\"\n"
	     "end\n"
	     "function __easbridge_in\n"
	     "\tset -l have (commandline -opc)\n"
	     "\tstring match -q -- \"$argv\" \"$have[2..-1]\"\n"
	     "\tor string match -q -- \"$argv *\" \"$have[2..-1]\"\n"
	     "end\n"
	     "complete -c easbridge -l help -d 'explain it'");
	for (cmd = cli_commands; cmd->words != NULL; cmd++) {
		fish_words(cmd);
		fish_options(cmd);
	}
}

int
cli_completion(const struct cli *c)
{
	static const struct {
		const char *name;
		void (*print)(void);
	} shells[] = { { "bash", bash }, { "zsh", zsh }, { "fish", fish } };
	size_t i;

	for (i = 0; i < sizeof(shells) / sizeof(shells[0]); i++)
		if (strcmp(shells[i].name, c->argv[0]) == 0) {
			shells[i].print();
			return CLI_OK;
		}
	return cli_fail(CLI_USAGE, "bash, zsh and fish are known, not \"%s\"",
			c->argv[0]);
}
