using System.Reflection;
using System.Runtime.Loader;

namespace Hikyaku.Feed.Notices;

/// <summary>
/// The kinds of notices that the board can be asked for: the constants of every public class <c>NoticeKinds</c> in an assembly
/// <c>*.Contracts</c> beside the program. So a new service needs no change here.
/// </summary>
public static class KnownKinds
{
    private static readonly HashSet<string> All =
    [
        .. from file in Directory.EnumerateFiles(AppContext.BaseDirectory, "*.Contracts.dll")
           from type in AssemblyLoadContext.Default.LoadFromAssemblyPath(file).GetExportedTypes()
           where type.Name == "NoticeKinds"
           from field in type.GetFields(BindingFlags.Public | BindingFlags.Static)
           where field.IsLiteral
           select (string)field.GetRawConstantValue()!,
    ];

    /// <summary>Whether a service declares such a kind.</summary>
    public static bool Has(string kind) => All.Contains(kind);
}
