#include "engine/config/environment.hpp"
#include "engine/config/fields.hpp"
#include "engine/config/secret.hpp"
#include "tests/support/fake_environment.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <sys/stat.h>
#include <unistd.h>

using namespace mira::config;
using mira::test::fake_environment;

template <class T>
concept printable = requires(std::ostream& o, const T& t) {
    o << t;
};
static_assert(!printable<secret>);
static_assert(printable<std::string>);

namespace {

bool has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

class folder {
  public:
    folder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "mira-secret-XXXXXX").string();
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        path_ = pattern;
    }
    ~folder() { std::filesystem::remove_all(path_); }
    std::string file(const std::string& name, std::string_view content, ::mode_t mode = 0600) const {
        const std::string path = (path_ / name).string();
        std::ofstream{path} << content;
        ::chmod(path.c_str(), mode);
        return path;
    }
    std::string path() const { return path_.string(); }

  private:
    std::filesystem::path path_;
};

} // namespace

TEST_CASE("config secret: literals, variables and files") {
    fake_environment e;
    e.variables["HOOK"] = "from variable";
    e.files["/run/hook"] = {"from file\n", false};
    CHECK(resolve_secret("literal", e).value.expose() == "literal");
    CHECK(resolve_secret("literal", e).value.origin().empty());
    CHECK(resolve_secret("env:HOOK", e).value.expose() == "from variable");
    CHECK(resolve_secret("env:HOOK", e).value.origin() == "env:HOOK");
    CHECK(resolve_secret("file:/run/hook", e).value.expose() == "from file");
    CHECK(resolve_secret("file:/run/hook", e).warning.empty());
}

TEST_CASE("config secret: one line end is not part of a file's secret, all else is") {
    fake_environment e;
    const auto of = [&](std::string bytes) {
        e.files["f"] = {std::move(bytes), false};
        const auto r = resolve_secret("file:f", e);
        return r.error.empty() ? std::string{r.value.expose()} : r.error;
    };
    CHECK(of("a\n") == "a");
    CHECK(of("a\r\n") == "a");
    CHECK(of("a\n\n") == "a\n");
    CHECK(of("a") == "a");
    CHECK(of(" a \n") == " a ");
    CHECK(of("a\r") == "a\r");
    CHECK(of(std::string("a\0b\n", 4)) == std::string("a\0b", 3));
    CHECK(of("\n") == "the file \"f\" is empty");
    CHECK(of("") == "the file \"f\" is empty");
    CHECK(of(std::string(65536, 'x')).size() == 65536);
    CHECK(of(std::string(65537, 'x')) == "the file \"f\" has more than 65536 bytes");
}

TEST_CASE("config secret: what is missing is named, and nothing secret is") {
    fake_environment e;
    e.variables["EMPTY"] = "";
    e.faults["/dir"] = file_fault::not_a_file;
    e.faults["/locked"] = file_fault::unreadable;
    CHECK(resolve_secret("env:HOOK", e).error == "the environment variable HOOK is not set");
    CHECK(resolve_secret("env:EMPTY", e).error == "the environment variable EMPTY is empty");
    CHECK(has(resolve_secret("env:", e).error, "takes the name of an environment variable"));
    CHECK_FALSE(has(resolve_secret("env:s3cr3t!value", e).error, "s3cr3t"));
    CHECK_FALSE(has(resolve_secret("env:3secret", e).error, "3secret"));
    CHECK(resolve_secret("file:/none", e).error == "the file \"/none\" does not exist");
    CHECK(resolve_secret("file:/dir", e).error == "the file \"/dir\" is no regular file");
    CHECK(resolve_secret("file:/locked", e).error == "the file \"/locked\" cannot be read by this process");
    CHECK(has(resolve_secret("file:", e).error, "takes a path"));
    CHECK(has(resolve_secret("", e).error, "an empty secret protects nothing"));
    CHECK(has(resolve_secret("***", e).error, "masked secret"));
}

TEST_CASE("config secret: a file that everybody may read is a warning") {
    fake_environment e;
    e.files["/open"] = {"x", true};
    const auto r = resolve_secret("file:/open", e);
    CHECK(r.value.expose() == "x");
    CHECK(has(r.warning, "every user of this machine may read \"/open\""));
}

TEST_CASE("config secret: masked, with where it came from") {
    CHECK(secret{}.masked() == "none");
    CHECK(secret{"s3cr3t"}.masked() == "***");
    CHECK(secret{"s3cr3t", "env:HOOK"}.masked() == "*** (env:HOOK)");
    CHECK_FALSE(secret{});
    CHECK(secret{"x"});
    CHECK(secret{"x"} == secret{"x"});
    CHECK_FALSE(secret{"x"} == secret{"y"});
    CHECK_FALSE(secret{"x"} == secret{"x", "env:X"});
    CHECK_FALSE(secret{} == secret{""});
}

TEST_CASE("config secret: copies share the bytes, and wiping leaves nothing") {
    const secret a{"s3cr3t"};
    secret b;
    b = a;
    CHECK(a.expose().data() == b.expose().data());
    std::string s = "s3cr3t that is too long for the string itself";
    const char* bytes = s.data();
    const std::size_t size = s.size();
    wipe(s);
    CHECK(s.empty());
    CHECK(std::string(bytes, size) == std::string(size, '\0'));
}

TEST_CASE("config secret: URLs without their passwords") {
    CHECK(without_password("redis://host:6379/0") == "redis://host:6379/0");
    CHECK(without_password("redis://:pw@host/0") == "redis://:***@host/0");
    CHECK(without_password("postgres://mira:pw@db/mira") == "postgres://mira:***@db/mira");
    CHECK(without_password("postgres://mira@db/mira") == "postgres://mira@db/mira");
    CHECK(without_password("postgres://mira:p@w/x@db/mira") == "postgres://mira:***@db/mira");
    CHECK(without_password("redis:user:pw@host") == "redis:user:***@host");
    CHECK(without_password("sqlite:/home/a@b/mira.db") == "sqlite:/home/a@b/mira.db");
    CHECK(without_password("a@b:c") == "a@b:c");
    CHECK(without_password("postgres://db/mira?user=a&password=pw&x=1") ==
          "postgres://db/mira?user=a&password=***&x=1");
    CHECK(without_password("postgres://db/mira?sslpassword=a&password=b") ==
          "postgres://db/mira?sslpassword=***&password=***");
    CHECK(without_password("redis+sentinel://a:1,b:2/main") == "redis+sentinel://a:1,b:2/main");
    CHECK(without_password("sqlite:data/mira.db") == "sqlite:data/mira.db");
}

TEST_CASE("config environment: this process's variables, files and name") {
    const environment& e = process_environment();
    ::setenv("MIRA_TEST_VARIABLE", "value", 1);
    CHECK(e.variable("MIRA_TEST_VARIABLE") == "value");
    ::unsetenv("MIRA_TEST_VARIABLE");
    CHECK_FALSE(e.variable("MIRA_TEST_VARIABLE"));
    CHECK_FALSE(e.host_name().empty());

    const folder f;
    const auto mine = e.read_file(f.file("mine", "abc\n"), 4);
    REQUIRE(mine.has_value());
    CHECK(mine->bytes == "abc\n");
    CHECK_FALSE(mine->readable_by_others);
    const auto open = e.read_file(f.file("open", "abc", 0644), 4);
    REQUIRE(open.has_value());
    CHECK(open->readable_by_others);
    CHECK(e.read_file(f.file("group", "abc", 0640), 4)->readable_by_others == false);
    CHECK(e.read_file(f.file("large", "abcde"), 4).error() == file_fault::too_large);
    CHECK(e.read_file(f.file("empty", ""), 4)->bytes.empty());
    CHECK(e.read_file(f.path() + "/none", 4).error() == file_fault::missing);
    CHECK(e.read_file(f.path() + "/none/below", 4).error() == file_fault::missing);
    CHECK(e.read_file(f.path(), 4).error() == file_fault::not_a_file);
    CHECK(e.read_file("/dev/zero", 4).error() == file_fault::not_a_file);
    CHECK(e.read_file(std::string("/etc/passwd\0x", 13), 1 << 20).error() == file_fault::missing);
    const std::string pipe = f.path() + "/pipe";
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    CHECK(e.read_file(pipe, 4).error() == file_fault::not_a_file); // and does not wait for a writer
}
