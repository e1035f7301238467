using System.Reflection;
using Hikyaku.Platform;

namespace Hikyaku.Architecture.Tests;

/// <summary>Every problem code of the platform and of all deployed programs: the static fields of that type.</summary>
internal static class ProblemCodes
{
    public static readonly IReadOnlyList<ProblemCode> All =
        [.. Repository.Deployables.Select(p => p.Assembly).Append(Repository.Platform).SelectMany(a => a.GetTypes()).SelectMany(DeclaredBy)];

    private static IEnumerable<ProblemCode> DeclaredBy(Type type)
        => type.ContainsGenericParameters ? [] : type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
            .Where(f => f.FieldType == typeof(ProblemCode)).Select(f => (ProblemCode)f.GetValue(null)!);
}
