using System.Reflection;
using System.Text.RegularExpressions;

namespace Hikyaku.Copier.Tests.Specs;

/// <summary>docs/copier-behaviours.md names tests that exist.</summary>
public partial class Listed_behaviours
{
    private const int Groups = 16;

    [Fact]
    public void Every_group_is_there_and_every_case_has_a_test_or_a_reason()
    {
        var page = Page();

        Assert.Equal(Enumerable.Range(1, Groups), page.Select(l => Heading().Match(l)).Where(m => m.Success).Select(m => int.Parse(m.Groups[1].Value, null)));
        Assert.InRange(page.Count(IsCase), Groups, int.MaxValue);
        Assert.DoesNotContain(page.Where(IsCase), HasNeither);
    }

    [Fact]
    public void Every_test_that_is_named_exists()
    {
        var named = Page().SelectMany(Named).Distinct().ToList();

        Assert.NotEmpty(named);
        Assert.Empty(named.Except(Tests()));
    }

    [Theory]
    [InlineData("| a case | what we do | |", true)]
    [InlineData("| a case | does not apply: nobody wants it | |", false)]
    [InlineData("| a case | is not followed | |", false)]
    [InlineData("| a case | *service: it does that* | |", false)]
    [InlineData("| a case | what we do | `Listed_behaviours.Every_test_that_is_named_exists` |", false)]
    public void A_case_without_a_test_and_a_reason_is_found(string line, bool isFault) => Assert.Equal((true, isFault), (IsCase(line), HasNeither(line)));

    private static string[] Page()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "platform.sln"))) folder = folder.Parent ?? throw new InvalidOperationException("Not within the repository");
        return File.ReadAllLines(Path.Combine(folder.FullName, "docs", "copier-behaviours.md"));
    }

    private static IEnumerable<string> Tests() => typeof(Listed_behaviours).Assembly.GetTypes()
        .SelectMany(t => t.GetMethods().Where(m => m.GetCustomAttributes<FactAttribute>().Any()).Select(m => $"{t.Name}.{m.Name}"));

    private static bool IsCase(string line) => line.StartsWith("| ", StringComparison.Ordinal) && !line.StartsWith("| case |", StringComparison.Ordinal) && !line.StartsWith("| --- |", StringComparison.Ordinal);

    private static bool HasNeither(string line) => !Named(line).Any() && !Reason().IsMatch(line);

    private static IEnumerable<string> Named(string line) => TestName().Matches(line).Select(m => m.Groups[1].Value);

    [GeneratedRegex("^## ([0-9]+) ")]
    private static partial Regex Heading();

    [GeneratedRegex("`([A-Z][A-Za-z]*_[A-Za-z_]+\\.[A-Z][A-Za-z0-9_]+)`")]
    private static partial Regex TestName();

    // Whatever we leave out on purpose, and what the service does.
    [GeneratedRegex(@"does not apply: |\*service: |\b(is|are) not (followed|copied)\b")]
    private static partial Regex Reason();
}
