using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Xunit;

namespace Hikyaku.Architecture.Tests;

public partial class TypeNames
{
    [Fact]
    public void No_type_is_called_by_what_says_nothing()
        => Assert.Empty(EmptyNames(Repository.Projects.Select(p => p.Assembly).Append(Repository.Platform).SelectMany(a => a.GetTypes())));

    [Fact]
    public void Such_names_are_found()
        => Assert.Equal(5, EmptyNames(typeof(TypeNames).GetNestedTypes(System.Reflection.BindingFlags.NonPublic)).Count());

    private static IEnumerable<string> EmptyNames(IEnumerable<Type> types)
        => types.Where(t => IsWritten(t) && EmptyName().IsMatch(t.Name)).Select(t => t.FullName!);

    private static bool IsWritten(Type type)
        => type.Namespace?.StartsWith("Hikyaku", StringComparison.Ordinal) == true && !type.IsDefined(typeof(CompilerGeneratedAttribute), false);

    [GeneratedRegex("(Utils?|Utilit(y|ies)|Helpers?|Common|Base|Managers?)(`[0-9]+)?$")]
    private static partial Regex EmptyName();

    private static class MailUtils;

    private static class AddressHelpers;

    private static class RoutingCommon;

    private abstract class AggregateBase<T>;

    private sealed class DomainManager;

    private sealed class Database;
}
