#include <cstdio>

int main() { std::puts("mira " MIRA_VERSION); }
