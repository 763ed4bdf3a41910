/* The commands of the program besides serve. Each returns the exit code. */
#ifndef GATEWAY_CLI_H
#define GATEWAY_CLI_H

#include <stdbool.h>

int cli_check_config(const char *file);
int cli_help_config(void);
/* A WBXML file, or a folder of dumps. mask: contents that could be private
 * show only their length (dumps in a folder were masked when written). */
int cli_trace(const char *path, bool mask);
int cli_version(void);
int cli_usage(int code);

#endif
