namespace Hikyaku.Platform;

/// <summary>
/// Marks a field of a stored event that says something of a person. It is masked when the account is deleted (OPS-6), so
/// it is marked from the event's first version on; ids, times and kinds are not personal.
/// </summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class PersonalDataAttribute : Attribute;
