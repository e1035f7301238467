using System.Text.RegularExpressions;
using Xunit;

namespace Hikyaku.Architecture.Tests;

public partial class TestNames
{
    [Fact]
    public void No_test_name_has_more_than_80_characters()
    {
        var tests = Repository.Files("tests", "*.cs").Select(File.ReadAllText).ToList();

        Assert.NotEmpty(tests.SelectMany(Names));
        Assert.DoesNotContain(tests.SelectMany(Names), IsTooLong);
    }

    [Theory]
    [InlineData("public void {0}()", true)]
    [InlineData("public async Task {0}(string path)", true)]
    [InlineData("public static ValueTask {0}<T>()", true)]
    [InlineData("public static TheoryData<string> {0}()", false)]
    public void A_long_name_is_found(string declaration, bool isTest)
    {
        var source = declaration.Replace("{0}", new string('A', 80), StringComparison.Ordinal) + declaration.Replace("{0}", new string('B', 81), StringComparison.Ordinal);

        Assert.Equal(isTest ? [new string('B', 81)] : [], Names(source).Where(IsTooLong));
    }

    private static IEnumerable<string> Names(string source) => Test().Matches(source).Select(m => m.Groups[1].Value);

    private static bool IsTooLong(string name) => name.Length > 80;

    [GeneratedRegex(@"public (?:static )?(?:async )?(?:void|Task|ValueTask) ([A-Z][A-Za-z0-9_]*)[(<]")]
    private static partial Regex Test();
}
