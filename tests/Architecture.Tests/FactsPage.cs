using System.Reflection;
using System.Text;
using Hikyaku.Platform;

namespace Hikyaku.Architecture.Tests;

/// <summary>Writes <c>docs/facts.md</c>: every kind of facts of all deployed programs, which are static fields of that type.</summary>
internal static class FactsPage
{
    public static IReadOnlyList<FactKind> Kinds { get; } = [.. Repository.Deployables.Select(p => p.Assembly).SelectMany(a => a.GetTypes()).SelectMany(DeclaredBy)];

    public static string Of(IEnumerable<FactKind> kinds)
    {
        var page = new StringBuilder("""
            # Facts

            Generated from the code; a test compares it. `HIKYAKU_ACCEPT=1` in the test's environment writes it anew.

            A fact is something that was observed: it is no decision, and no event (OPS-7). Facts lie in partitioned tables, a partition for each day (UTC), and a day is dropped as a whole when its time is over. [FactKind.cs](../platform/Platform/Facts/FactKind.cs) says how a service declares a kind. Personal facts go with the account that they are of.

            | table | class | purpose | kept |
            | --- | --- | --- | --- |

            """);
        foreach (var kind in kinds.OrderBy(k => k.Table, StringComparer.Ordinal)) page.Append(null, $"| `{kind.Table}` | {kind.Class} | {kind.Purpose} | {kind.RetentionDays} days |\n");
        return page.ToString();
    }

    private static IEnumerable<FactKind> DeclaredBy(Type type)
        => type.ContainsGenericParameters ? [] : type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
            .Where(f => f.FieldType.IsAssignableTo(typeof(FactKind))).Select(f => (FactKind)f.GetValue(null)!);
}
