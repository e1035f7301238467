using System.Reflection;
using Hikyaku.Platform;

namespace Hikyaku.Architecture.Tests;

/// <summary>Every problem code of the platform and of all deployed programs: the static fields of that type, and of lists of it.</summary>
internal static class ProblemCodes
{
    public static readonly IReadOnlyList<ProblemCode> All =
        [.. Repository.Deployables.Select(p => p.Assembly).Append(Repository.Platform).SelectMany(a => a.GetTypes()).SelectMany(DeclaredBy).DistinctBy(c => (object)c, ReferenceEqualityComparer.Instance)];

    private static IEnumerable<ProblemCode> DeclaredBy(Type type)
        => type.ContainsGenericParameters ? [] : type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
            .SelectMany(f => f.FieldType == typeof(ProblemCode) ? [(ProblemCode)f.GetValue(null)!] : f.FieldType == typeof(IReadOnlyList<ProblemCode>) ? (IReadOnlyList<ProblemCode>)f.GetValue(null)! : []);
}
